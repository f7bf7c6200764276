-- What OHE's own migrations make.
CREATE TABLE telemetry_metrics (
    id varchar PRIMARY KEY,
    collected_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    metrics_data json NOT NULL,
    uploaded_at timestamptz,
    upload_attempts integer NOT NULL DEFAULT 0,
    last_upload_error text,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX ix_telemetry_metrics_collected_at ON telemetry_metrics (collected_at);
CREATE INDEX ix_telemetry_metrics_uploaded_at ON telemetry_metrics (uploaded_at);
CREATE TABLE telemetry_replicated_identity (
    id integer PRIMARY KEY DEFAULT 1 CONSTRAINT single_identity_row CHECK (id = 1),
    customer_id varchar(255),
    instance_id varchar(255),
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);
