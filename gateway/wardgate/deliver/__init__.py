"""Outbox to ward over MQTT, until the ward says it has it."""
