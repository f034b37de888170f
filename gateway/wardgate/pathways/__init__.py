"""What a patient can be monitored for: versioned data, and how several become one."""
