"""What hubs say, as HL7 FHIR R4 and back, without loss."""

from wardgate.ward.fhir.bundle import bundle, message_of, resources

__all__ = ["bundle", "message_of", "resources"]
