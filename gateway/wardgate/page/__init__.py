"""The page a person looks at, a process of its own."""
