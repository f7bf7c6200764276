-- Batches and the identity, from any of three starting points: an empty schema, a schema of OpenHands Enterprise (OHE)
-- without these tables, or one in which OHE's own migrations have made the older ones (id varchar, metrics_data json,
-- telemetry_replicated_identity). to_regclass looks along the search_path, as every later statement does.

DO $$
BEGIN
    IF to_regclass('telemetry_metrics') IS NULL THEN
        CREATE TABLE telemetry_metrics (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
            collected_at timestamptz NOT NULL DEFAULT now(),
            metrics_data jsonb NOT NULL,
            uploaded_at timestamptz,
            upload_attempts integer NOT NULL DEFAULT 0,
            last_upload_error text,
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now()
        );
    END IF;
    IF to_regclass('telemetry_identity') IS NULL THEN
        CREATE TABLE telemetry_identity (
            id integer PRIMARY KEY DEFAULT 1 CONSTRAINT single_identity_row CHECK (id = 1),
            customer_id varchar(255),
            instance_id varchar(255),
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now()
        );
    END IF;
END
$$;

LOCK TABLE telemetry_metrics, telemetry_identity IN ACCESS EXCLUSIVE MODE;

ALTER TABLE telemetry_metrics
    ADD COLUMN slot timestamptz,
    ADD COLUMN set_aside_at timestamptz,
    ADD COLUMN legacy_id text,
    ADD COLUMN legacy_metrics_data text;

ALTER TABLE telemetry_metrics
    ALTER COLUMN collected_at SET DEFAULT now(),
    ALTER COLUMN created_at SET DEFAULT now(),
    ALTER COLUMN updated_at SET DEFAULT now();

-- Rows that the new types cannot hold keep their old value in a legacy column. No function is created for the tries:
-- that would need a right (TEMPORARY, or CREATE for good) which the conversion itself does not.
DO $$
DECLARE
    batch record;
    metrics jsonb;
    fault text;
BEGIN
    IF (SELECT atttypid FROM pg_attribute WHERE attrelid = 'telemetry_metrics'::regclass AND attname = 'id')
        <> 'uuid'::regtype
    THEN
        -- Ids that differ in case alone are one uuid; the older row keeps it.
        UPDATE telemetry_metrics
        SET legacy_id = id, id = gen_random_uuid()::text
        WHERE id !~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'
            OR id IN (
                SELECT repeated.id
                FROM (SELECT id, row_number() OVER (PARTITION BY lower(id) ORDER BY collected_at, id) AS nth
                      FROM telemetry_metrics) AS repeated
                WHERE repeated.nth > 1
            );
        ALTER TABLE telemetry_metrics ALTER COLUMN id DROP DEFAULT;
        ALTER TABLE telemetry_metrics
            ALTER COLUMN id TYPE uuid USING id::uuid,
            ALTER COLUMN id SET DEFAULT gen_random_uuid();
    END IF;

    FOR batch IN SELECT id, metrics_data FROM telemetry_metrics LOOP
        fault := NULL;
        BEGIN
            metrics := batch.metrics_data::jsonb;
            IF jsonb_typeof(metrics) <> 'object' THEN
                fault := 'not an object';
            END IF;
            -- A number that no float can hold could not be read back.
            PERFORM (number #>> '{}')::float8
            FROM jsonb_path_query(metrics, '$.** ? (@.type() == "number")') AS number;
        EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
            fault := sqlerrm;
        END;
        IF fault IS NOT NULL THEN
            UPDATE telemetry_metrics
            SET legacy_metrics_data = batch.metrics_data::text,
                metrics_data = '{}',
                set_aside_at = CASE WHEN uploaded_at IS NULL THEN now() END,
                last_upload_error = CASE
                    WHEN uploaded_at IS NULL THEN 'cannot be delivered: metrics are ' || fault || '; see legacy_metrics_data'
                    ELSE last_upload_error
                END
            WHERE id = batch.id;
        END IF;
    END LOOP;

    IF (SELECT atttypid FROM pg_attribute WHERE attrelid = 'telemetry_metrics'::regclass AND attname = 'metrics_data')
        <> 'jsonb'::regtype
    THEN
        ALTER TABLE telemetry_metrics ALTER COLUMN metrics_data TYPE jsonb USING metrics_data::jsonb;
    END IF;
END
$$;

ALTER TABLE telemetry_metrics
    ADD CONSTRAINT telemetry_metrics_data_is_object CHECK (jsonb_typeof(metrics_data) = 'object'),
    ADD CONSTRAINT telemetry_metrics_set_aside_is_not_uploaded CHECK (uploaded_at IS NULL OR set_aside_at IS NULL);

-- The first two under the names that OHE's own migration gives them, so that they are never there twice.
CREATE INDEX IF NOT EXISTS ix_telemetry_metrics_collected_at ON telemetry_metrics (collected_at);
CREATE INDEX IF NOT EXISTS ix_telemetry_metrics_uploaded_at ON telemetry_metrics (uploaded_at);
CREATE UNIQUE INDEX telemetry_metrics_slot_key ON telemetry_metrics (slot);
CREATE INDEX ix_telemetry_metrics_pending ON telemetry_metrics (collected_at, id)
    WHERE uploaded_at IS NULL AND set_aside_at IS NULL;
CREATE INDEX ix_telemetry_metrics_set_aside ON telemetry_metrics (set_aside_at) WHERE set_aside_at IS NOT NULL;

-- A random default gives a row that is already there its own value, too.
ALTER TABLE telemetry_identity
    ADD COLUMN service_token text,
    ADD COLUMN customer_email_hash text,
    ADD COLUMN cluster_id text NOT NULL
        DEFAULT encode(sha256(convert_to(gen_random_uuid()::text, 'UTF8')), 'hex');

-- OHE's table stays: its own migrations may look for it.
DO $$
BEGIN
    IF to_regclass('telemetry_replicated_identity') IS NOT NULL THEN
        INSERT INTO telemetry_identity (id, customer_id, instance_id, created_at, updated_at)
        SELECT id, customer_id, instance_id, created_at, updated_at FROM telemetry_replicated_identity WHERE id = 1
        ON CONFLICT (id) DO NOTHING;
    END IF;
END
$$;

CREATE FUNCTION telemetry_set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END
$$;

CREATE TRIGGER telemetry_metrics_updated_at BEFORE UPDATE ON telemetry_metrics
    FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION telemetry_set_updated_at();
CREATE TRIGGER telemetry_identity_updated_at BEFORE UPDATE ON telemetry_identity
    FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION telemetry_set_updated_at();

COMMENT ON COLUMN telemetry_metrics.slot IS 'schedule slot the batch was collected for; null for an install''s first batch and for one collected by hand';
COMMENT ON COLUMN telemetry_metrics.set_aside_at IS 'when the vendor''s refusal of its content took the batch out of the queue';
COMMENT ON COLUMN telemetry_metrics.legacy_id IS 'the id before the conversion to uuid, where it was none';
COMMENT ON COLUMN telemetry_metrics.legacy_metrics_data IS 'the metrics before the conversion to jsonb, where that could not hold them';
COMMENT ON COLUMN telemetry_identity.service_token IS 'secret: the vendor''s token for this install';
COMMENT ON COLUMN telemetry_identity.customer_email_hash IS 'keyed hash of the e-mail address the customer was registered with';
COMMENT ON COLUMN telemetry_identity.cluster_id IS 'our own stable id of this install, 64 hexadecimal digits';
