-- The officers' store. Codes stand where files have keys and numbers of citizens; names and addresses lie in a schema of their own,
-- which no list reads: only an opened record does.

CREATE TABLE meta (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL);

CREATE TABLE import_run (import_id VARCHAR PRIMARY KEY, written VARCHAR NOT NULL, households BIGINT NOT NULL, persons BIGINT NOT NULL);

CREATE TABLE household (
    household VARCHAR NOT NULL,
    year SMALLINT NOT NULL,
    area_code VARCHAR NOT NULL,
    recorded BOOLEAN,
    added BOOLEAN,
    ind01 UTINYINT, ind04 UTINYINT, ind05 UTINYINT, ind07 UTINYINT, ind08 UTINYINT, ind09 UTINYINT,
    ind10 UTINYINT, ind11 UTINYINT, ind15 UTINYINT, ind16 UTINYINT, ind17 UTINYINT, ind19 UTINYINT,
    ind20 UTINYINT, ind21 UTINYINT, ind22 UTINYINT, ind27 UTINYINT, ind28 UTINYINT,
    income_main DOUBLE, income_secondary DOUBLE, income_other DOUBLE, income_own_produce DOUBLE,
    members INTEGER NOT NULL, dependants INTEGER NOT NULL, dependants_most INTEGER NOT NULL,
    cards INTEGER NOT NULL, cards_unknown INTEGER NOT NULL
);

CREATE TABLE person (
    person VARCHAR NOT NULL,
    household VARCHAR NOT NULL,
    year SMALLINT NOT NULL,
    age SMALLINT NOT NULL,
    sex VARCHAR,
    head BOOLEAN,
    disabled BOOLEAN, bedridden BOOLEAN, chronically_ill BOOLEAN, welfare_card BOOLEAN
);

CREATE SCHEMA identity;

CREATE TABLE identity.address (household VARCHAR NOT NULL, year SMALLINT NOT NULL, house_no VARCHAR, moo VARCHAR, road VARCHAR);

CREATE TABLE identity.name (
    person VARCHAR NOT NULL, household VARCHAR NOT NULL, year SMALLINT NOT NULL,
    citizen VARCHAR, title VARCHAR, first_name VARCHAR, last_name VARCHAR
);
