-- Collections that yield no metric at all make no batch, and are counted here instead, so that every process waits longer
-- after each of them. One row while there are any, none once a batch was stored.

CREATE TABLE telemetry_empty_collections (
    id integer PRIMARY KEY DEFAULT 1 CONSTRAINT telemetry_empty_collections_single_row CHECK (id = 1),
    tries integer NOT NULL CHECK (tries > 0),
    last_tried_at timestamptz NOT NULL,
    collectors_run jsonb NOT NULL
);

COMMENT ON TABLE telemetry_empty_collections IS 'collections in a row that yielded no metric at all; no row once one of them has';
COMMENT ON COLUMN telemetry_empty_collections.collectors_run IS 'what each collector said the last time';

-- Batches without a metric that an earlier release stored: the vendor accepts no empty set, so they would be late for ever,
-- and the license with them.
UPDATE telemetry_metrics
SET set_aside_at = now(),
    last_upload_error = 'cannot be delivered: the collection yielded no metric'
WHERE metrics_data = '{}' AND uploaded_at IS NULL AND set_aside_at IS NULL;
