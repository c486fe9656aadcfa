"""Move a project to another host, and the evidence back: pack and adopt."""
