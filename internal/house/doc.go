// Package house holds no code: its tests enforce the rules of docs/design.md on
// every other package and print the reason when one is broken.
package house
