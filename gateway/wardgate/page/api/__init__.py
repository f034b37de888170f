"""What the technician's pages can do, as JSON for programs: behind the same door and sign-in, described by OpenAPI."""
