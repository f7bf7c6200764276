-- Conversations, and what hangs on them. The one foreign key of the whole database is here.

create type callbackstatus as enum ('ACTIVE', 'COMPLETED', 'ERROR');
create type appconversationstarttaskstatus as enum (
    'WORKING', 'WAITING_FOR_SANDBOX', 'PREPARING_REPOSITORY', 'RUNNING_SETUP_SCRIPT', 'SETTING_UP_GIT_HOOKS',
    'STARTING_CONVERSATION', 'READY', 'ERROR'
);
create type eventcallbackresultstatus as enum ('SUCCESS', 'ERROR');

create table conversation_metadata (
    conversation_id varchar not null,
    github_user_id varchar,
    selected_repository varchar,
    title varchar,
    last_updated_at timestamp not null,
    created_at timestamp not null,
    selected_branch varchar,
    user_id varchar,
    accumulated_cost double precision default '0',
    prompt_tokens int default 0,
    completion_tokens int default 0,
    total_tokens int default 0,
    trigger varchar,
    pr_number json,
    git_provider varchar,
    llm_model varchar,
    max_budget_per_task double precision,
    cache_read_tokens int default 0,
    cache_write_tokens int default 0,
    reasoning_tokens int default 0,
    context_window int default 0,
    per_turn_token int default 0,
    conversation_version varchar not null default 'V0',
    sandbox_id varchar,
    parent_conversation_id varchar,
    constraint conversation_metadata_pkey primary key (conversation_id)
);
create index ix_conversation_metadata_conversation_version on conversation_metadata (conversation_version);
create index ix_conversation_metadata_created_at on conversation_metadata (created_at);
create index ix_conversation_metadata_parent_conversation_id on conversation_metadata (parent_conversation_id);
create index ix_conversation_metadata_sandbox_id on conversation_metadata (sandbox_id);
-- Not on user_id: the name is older than the column's meaning.
create index ix_conversation_metadata_user_id on conversation_metadata (github_user_id);

create table conversation_work (
    id serial,
    conversation_id varchar not null,
    user_id varchar not null,
    seconds double precision not null,
    created_at varchar not null,
    updated_at varchar not null,
    constraint conversation_work_pkey primary key (id),
    constraint conversation_work_conversation_id_key unique (conversation_id)
);
create index ix_conversation_work_conversation_id on conversation_work (conversation_id);
create index ix_conversation_work_user_conversation on conversation_work (user_id, conversation_id);
create index ix_conversation_work_user_id on conversation_work (user_id);

create table conversation_callbacks (
    id serial,
    conversation_id varchar not null references conversation_metadata (conversation_id) on delete cascade,
    status callbackstatus not null,
    processor_type varchar not null,
    processor_json text not null,
    created_at timestamp not null default current_timestamp,
    updated_at timestamp not null default current_timestamp,
    constraint conversation_callbacks_pkey primary key (id)
);
create index ix_conversation_callbacks_conversation_id on conversation_callbacks (conversation_id);

create table conversation_feedback (
    id serial,
    conversation_id varchar not null,
    event_id int,
    rating int not null,
    reason text,
    created_at timestamp not null default now(),
    constraint conversation_feedback_pkey primary key (id)
);
create index ix_conversation_feedback_conversation_id on conversation_feedback (conversation_id);

create table app_conversation_start_task (
    id uuid not null,
    created_by_user_id varchar,
    status appconversationstarttaskstatus,
    detail varchar,
    app_conversation_id uuid,
    sandbox_id varchar,
    agent_server_url varchar,
    request json,
    created_at timestamptz default current_timestamp,
    updated_at timestamptz,
    constraint app_conversation_start_task_pkey primary key (id)
);
create index ix_app_conversation_start_task_created_at on app_conversation_start_task (created_at);
create index ix_app_conversation_start_task_created_by_user_id on app_conversation_start_task (created_by_user_id);
create index ix_app_conversation_start_task_updated_at on app_conversation_start_task (updated_at);

create table event_callback_result (
    id uuid not null,
    status eventcallbackresultstatus,
    event_callback_id uuid,
    conversation_id uuid,
    detail varchar,
    created_at timestamptz default current_timestamp,
    event_id varchar,
    constraint event_callback_result_pkey primary key (id)
);
create index ix_event_callback_result_conversation_id on event_callback_result (conversation_id);
create index ix_event_callback_result_created_at on event_callback_result (created_at);
create index ix_event_callback_result_event_callback_id on event_callback_result (event_callback_id);
create index ix_event_callback_result_event_id on event_callback_result (event_id);
