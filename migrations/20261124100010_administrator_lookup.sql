-- The latest look-up of the administrator's e-mail address: which step answered, or why it could not be asked. Shown to
-- administrators, and kept here so that a restart or another replica does not try a refused password again too soon. It
-- holds no address and no secret.

CREATE TABLE telemetry_administrator_lookup (
    id int PRIMARY KEY DEFAULT 1 CONSTRAINT single_administrator_lookup_row CHECK (id = 1),
    looked_up_at timestamptz NOT NULL,
    -- The step that answered; none where nobody has an address yet, or the look-up failed.
    step text,
    failure text CHECK (failure IN ('refused', 'keycloak', 'database')),
    error text,
    remedy text,
    failures_in_a_row int NOT NULL DEFAULT 0 CHECK (failures_in_a_row >= 0),
    -- When Keycloak last refused the password, whatever the look-ups since then came to.
    refused_at timestamptz,
    settings text NOT NULL
);
