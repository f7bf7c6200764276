-- OHE's own housekeeping, and the revision that these tables are of.

create type maintenancetaskstatus as enum ('INACTIVE', 'PENDING', 'WORKING', 'COMPLETED', 'ERROR');

create table maintenance_tasks (
    id serial,
    status maintenancetaskstatus not null,
    processor_type varchar not null,
    processor_json text not null,
    delay int not null,
    started_at timestamp,
    info json,
    created_at timestamp not null default current_timestamp,
    updated_at timestamp not null default current_timestamp,
    constraint maintenance_tasks_pkey primary key (id)
);
create index ix_maintenance_tasks_status on maintenance_tasks (status);

create table alembic_version (
    version_num varchar(32) not null,
    constraint alembic_version_pkc primary key (version_num)
);
