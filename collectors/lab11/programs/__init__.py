"""Programs that the collectors run beside nginx: the application, clients, and readers of logs."""
