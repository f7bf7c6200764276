-- The rights by which the role of OHE Telemetry makes its own tables and brings them up to date, at each start. They are needed
-- only where nobody runs `ohe-telemetry migrate --grant-to ohe_telemetry` at each upgrade. See installation.md.
--
-- Run this after grants.sql, connected to the database of OpenHands Enterprise (OHE), as a superuser, or as the owner of that
-- database where the owner may also make others members of ohe_telemetry: psql --file grants-create.sql
-- It may be run again.

DO $$
DECLARE
    older record;
BEGIN
    -- The job queue's schema, with two trusted extensions, and the service's own tables in the schema of OHE's.
    EXECUTE format('GRANT CREATE ON DATABASE %I TO ohe_telemetry', current_database());
    EXECUTE format('GRANT CREATE ON SCHEMA %I TO ohe_telemetry', current_schema());
    -- OHE's own migrations may have made these two for the service, which only their owner can convert. The service's role
    -- becomes the owner, and OHE's owner a member of that role, so OHE's own migrations can still alter, read and drop them.
    -- Never the other way round: as a member of OHE's owner, the service could read everything.
    FOR older IN
        SELECT relname, pg_get_userbyid(relowner) AS owner
        FROM pg_class
        WHERE oid IN (to_regclass('telemetry_metrics'), to_regclass('telemetry_replicated_identity'))
            AND pg_get_userbyid(relowner) <> 'ohe_telemetry'
    LOOP
        IF NOT pg_has_role(older.owner, 'ohe_telemetry', 'USAGE') THEN
            EXECUTE format('GRANT ohe_telemetry TO %I', older.owner);
        END IF;
        EXECUTE format('ALTER TABLE %I OWNER TO ohe_telemetry', older.relname);
    END LOOP;
END
$$;
