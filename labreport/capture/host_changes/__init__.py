"""Changes to the host itself: recorded before they are made, and undone on request."""
