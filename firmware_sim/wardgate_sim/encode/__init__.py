"""What devices put on the wire, written from the published layouts. Nothing here knows the decoders."""
