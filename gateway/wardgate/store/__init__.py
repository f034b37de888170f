"""What the hub keeps: SQLite behind one writer."""
