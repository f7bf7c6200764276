-- The order in which attempts were recorded, and what was sent.

-- Which batch the vendor's portal shows follows from the order of the accepted attempts. Their times do not give it: the
-- clock may have been set back in between. Rows that are there already are numbered by their times.
ALTER TABLE telemetry_delivery_attempts
    ADD COLUMN number bigint,
    ADD COLUMN body_sha256 text CONSTRAINT telemetry_delivery_attempts_body_sha256 CHECK (body_sha256 ~ '^[0-9a-f]{64}$');

UPDATE telemetry_delivery_attempts AS attempt
SET number = numbered.number
FROM (SELECT id, row_number() OVER (ORDER BY started_at, id) AS number FROM telemetry_delivery_attempts) AS numbered
WHERE numbered.id = attempt.id;

ALTER TABLE telemetry_delivery_attempts
    ALTER COLUMN number SET NOT NULL,
    ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY;

SELECT setval(pg_get_serial_sequence('telemetry_delivery_attempts', 'number'), coalesce(max(number), 0) + 1, false)
FROM telemetry_delivery_attempts;

-- The latest attempt with a batch; the attempt that the portal shows; the refusals since another.
CREATE UNIQUE INDEX ix_telemetry_delivery_attempts_batch_number ON telemetry_delivery_attempts (batch_id, number);
CREATE INDEX ix_telemetry_delivery_attempts_accepted ON telemetry_delivery_attempts (number)
    WHERE call = 'metrics' AND outcome = 'delivered';
CREATE INDEX ix_telemetry_delivery_attempts_refused ON telemetry_delivery_attempts (number)
    WHERE call = 'metrics' AND outcome = 'rejected';
-- The newest batch that was delivered.
CREATE INDEX ix_telemetry_metrics_delivered ON telemetry_metrics (collected_at, id) WHERE uploaded_at IS NOT NULL;

COMMENT ON COLUMN telemetry_delivery_attempts.number IS 'the order of recording: a later attempt has a higher number';
COMMENT ON COLUMN telemetry_delivery_attempts.body_sha256 IS 'SHA-256 of the body that was sent, in hexadecimal; null where no batch was sent';
