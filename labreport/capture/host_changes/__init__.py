"""Changes to the host itself: noted before they are made, and undone on request."""
