-- A batch that somebody asked for by hand moves no slot of the schedule. The default says so of every batch that is there
-- already, and of those that the previous release still writes: it counts them as it did.

ALTER TABLE telemetry_metrics ADD COLUMN by_hand boolean NOT NULL DEFAULT false;

COMMENT ON COLUMN telemetry_metrics.by_hand IS 'whether somebody asked for the batch outside the schedule: it has no slot, and moves none';
