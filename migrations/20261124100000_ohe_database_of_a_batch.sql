-- What OHE's database was like when a batch was collected, and what each collector could not give, with the reasons.
-- Batches of an earlier release have neither.

ALTER TABLE telemetry_metrics
    ADD COLUMN ohe_generation text,
    ADD COLUMN ohe_revision text,
    ADD COLUMN metrics_answerable integer CHECK (metrics_answerable >= 0),
    ADD COLUMN metrics_known integer CHECK (metrics_known >= 0);

ALTER TABLE telemetry_collector_runs
    ADD COLUMN missing jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(missing) = 'array');

COMMENT ON COLUMN telemetry_metrics.ohe_generation IS 'generation of OHE''s tables, told by their columns: settings or orgs';
COMMENT ON COLUMN telemetry_metrics.ohe_revision IS 'revision of OHE''s tables as OHE''s own ledger has it; shown, never relied on';
COMMENT ON COLUMN telemetry_metrics.metrics_answerable IS 'how many of the metrics known then OHE''s database could answer';
COMMENT ON COLUMN telemetry_collector_runs.missing IS 'metrics that OHE''s database could not answer: [{"reason": text, "keys": [text], "columns": [text]}]';
