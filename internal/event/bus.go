package event

// Bus hands every event to every subscriber, in the order in which one
// publisher published them. It is set up once, before anything is published.
type Bus struct {
	subscribers []Publisher
}

// NewBus returns a bus with the given subscribers, typically sinks with a
// bounded queue: Publish of each of them must not block.
func NewBus(subscribers ...Publisher) *Bus { return &Bus{subscribers} }

// Publish hands e to each subscriber in turn.
func (b *Bus) Publish(e Event) {
	for _, s := range b.subscribers {
		s.Publish(e)
	}
}
