-- What was tried, what each collector did, and who did what.

CREATE TABLE telemetry_delivery_attempts (
    id uuid PRIMARY KEY,
    call text NOT NULL CHECK (call IN ('customer', 'instance', 'metrics', 'check_in')),
    batch_id uuid REFERENCES telemetry_metrics (id) ON DELETE CASCADE,
    started_at timestamptz NOT NULL,
    duration_ms bigint NOT NULL CHECK (duration_ms >= 0),
    outcome text NOT NULL CHECK (outcome IN (
        'delivered',
        'dns', 'connect', 'proxy', 'tls', 'timeout', 'auth', 'rejected', 'rate_limited', 'vendor', 'bad_reply'
    )),
    http_status smallint,
    error text,
    retry_after_seconds bigint CHECK (retry_after_seconds >= 0),
    vendor_clock_offset_ms bigint
);

CREATE INDEX ix_telemetry_delivery_attempts_started_at ON telemetry_delivery_attempts (started_at);
CREATE INDEX ix_telemetry_delivery_attempts_batch_id ON telemetry_delivery_attempts (batch_id, started_at);
-- "The last that succeeded" and "failures since" are asked every few seconds, and failures can be many.
CREATE INDEX ix_telemetry_delivery_attempts_delivered ON telemetry_delivery_attempts (call, started_at)
    WHERE outcome = 'delivered';
CREATE INDEX ix_telemetry_delivery_attempts_failed ON telemetry_delivery_attempts (call, started_at)
    WHERE outcome <> 'delivered';

CREATE TABLE telemetry_collector_runs (
    batch_id uuid NOT NULL REFERENCES telemetry_metrics (id) ON DELETE CASCADE,
    collector text NOT NULL,
    status text NOT NULL CHECK (status IN ('ok', 'not_available', 'error', 'timed_out')),
    detail text,
    metric_count integer NOT NULL CHECK (metric_count >= 0),
    duration_ms bigint NOT NULL CHECK (duration_ms >= 0),
    PRIMARY KEY (batch_id, collector)
);

CREATE TABLE telemetry_audit_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}',
    outcome text NOT NULL
);

CREATE INDEX ix_telemetry_audit_log_at ON telemetry_audit_log (at, id);
