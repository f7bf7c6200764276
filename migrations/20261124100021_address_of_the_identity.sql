-- The address that the customer was registered with: a revoked token is renewed as the same customer, whoever the
-- administrator is by then. An identity of an earlier release has none; the service completes it.

ALTER TABLE telemetry_identity
    ADD COLUMN customer_email text,
    ADD COLUMN customer_email_step text,
    ADD COLUMN registered_at timestamptz;

COMMENT ON COLUMN telemetry_identity.customer_email IS 'personal data: the e-mail address the customer was registered with; shown masked, never logged';
COMMENT ON COLUMN telemetry_identity.customer_email_step IS 'how that address was found';
COMMENT ON COLUMN telemetry_identity.registered_at IS 'when the vendor gave the customer; null where an earlier release registered it';
