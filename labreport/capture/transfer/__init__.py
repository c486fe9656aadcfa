"""Moving projects and evidence between hosts: pack and adopt."""
