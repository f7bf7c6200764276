-- The telemetry tables as OHE's own migrations make them, before ours have run.

create table telemetry_metrics (
    id varchar not null,
    collected_at timestamptz not null default current_timestamp,
    metrics_data json not null,
    uploaded_at timestamptz,
    upload_attempts int not null default 0,
    last_upload_error text,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint telemetry_metrics_pkey primary key (id)
);
create index ix_telemetry_metrics_collected_at on telemetry_metrics (collected_at);
create index ix_telemetry_metrics_uploaded_at on telemetry_metrics (uploaded_at);

create table telemetry_replicated_identity (
    id int not null default 1,
    customer_id varchar(255),
    instance_id varchar(255),
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint single_identity_row check (id = 1),
    constraint telemetry_replicated_identity_pkey primary key (id)
);
