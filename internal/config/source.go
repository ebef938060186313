package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"

	"github.com/spf13/afero"
)

const maxFile = 1 << 20 // bytes

// find reads the settings of an instance from where they stand, see [Load].
func find(fs afero.Fs, instance, path string) (document, []Warning, Faults) {
	if path != "" && instance == "" {
		return readOne(fs, instance, path)
	}
	standard, faults := standardPath(instance)
	if faults != nil {
		return document{}, nil, faults
	}
	if path != "" {
		return readOne(fs, instance, path)
	}
	data, found, faults := readFile(fs, standard)
	if found && faults == nil {
		return readJSON(standard, data)
	}
	if !found {
		data, found, faults = readFile(fs, UCIPath)
	}
	places := standard + ", " + UCIPath
	switch {
	case faults != nil:
		return document{}, nil, faults
	case !found:
		return document{}, nil, notFound(instance, places)
	default:
		return readInstance(UCIPath, data, instance, places)
	}
}

// readOne reads the file at path and nothing else.
func readOne(fs afero.Fs, instance, path string) (document, []Warning, Faults) {
	data, found, faults := readFile(fs, path)
	switch {
	case faults != nil:
		return document{}, nil, faults
	case !found:
		return document{}, nil, notFound(path, "")
	case looksLikeUCI(data):
		return readInstance(path, data, instance, path)
	default:
		return readJSON(path, data)
	}
}

// readInstance reads the section of an instance. Places are where it was looked
// for, this file last.
func readInstance(path string, data []byte, instance, places string) (document, []Warning, Faults) {
	tree, faults := readUCI(path, data)
	if faults != nil {
		return document{}, nil, faults
	}
	section, why := tree.instance(instance)
	if why != "" {
		return document{}, tree.strangers(), notFound(instance, places+": "+why)
	}
	return tree.document(section)
}

// looksLikeUCI reports whether the first character of a file, outside of the
// comments that both formats have, is a letter.
func looksLikeUCI(data []byte) bool {
	for line := range bytes.Lines(data) {
		line = bytes.TrimLeft(line, " \t\r\n\v\f")
		if len(line) > 0 && line[0] != '#' {
			return bytes.ContainsAny(line[:1], letters)
		}
	}
	return false
}

// readFile reads the whole file, with a limit.
func readFile(fs afero.Fs, path string) (data []byte, found bool, faults Faults) {
	if info, err := fs.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil, true, fileFault(path, "is not a regular file") // to open a FIFO would block
	}
	file, err := fs.Open(path)
	if errors.Is(err, iofs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, true, unreadable(path, err)
	}
	defer file.Close()
	data, err = io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, true, unreadable(path, err)
	}
	if len(data) > maxFile {
		return nil, true, fileFault(path, fmt.Sprintf("is larger than %d bytes", maxFile))
	}
	return data, true, nil
}

// notFound says where an instance was looked for, if its name does not.
func notFound(name, places string) Faults {
	words := fmt.Sprintf("Instance configuration file '%s' not found", escape(name))
	return Faults{{Path: places, Sentence: words + where(places, 0, "")}}
}

func unreadable(path string, err error) Faults {
	if inner := errors.Unwrap(err); inner != nil { // the path is said already
		err = inner
	}
	return fileFault(path, "cannot be read: "+escape(err.Error()))
}

// ReadText returns the text of the file at path, nil when there is none. The error
// is a [Faults].
func ReadText(fs afero.Fs, path string) ([]byte, error) {
	data, _, faults := readFile(fs, path)
	if faults != nil {
		return nil, faults
	}
	return data, nil
}
