-- The one schema of a snapshot's warehouse.duckdb. Years are CE; codes are text.

CREATE TABLE IF NOT EXISTS area (
    code      VARCHAR NOT NULL,
    level     VARCHAR NOT NULL,
    parent    VARCHAR,
    name_th   VARCHAR NOT NULL,
    name_en   VARCHAR NOT NULL,
    kind      VARCHAR NOT NULL,   -- official | municipal | abolished | village
    region    VARCHAR,
    mapped_to VARCHAR             -- the subdistrict a municipal area lies in, where known
);

CREATE TABLE IF NOT EXISTS source (
    source_id VARCHAR NOT NULL,
    kind      VARCHAR NOT NULL,
    publisher VARCHAR NOT NULL,
    title_th  VARCHAR NOT NULL,
    title_en  VARCHAR NOT NULL,
    url       VARCHAR,
    licence   VARCHAR,
    year      SMALLINT,
    retrieved VARCHAR,
    cells     VARCHAR NOT NULL,
    priority  SMALLINT NOT NULL
);

CREATE TABLE IF NOT EXISTS source_file (
    source_id VARCHAR NOT NULL,
    file_name VARCHAR NOT NULL,
    sha256    VARCHAR NOT NULL,   -- empty, and no bytes, where it would prove a guess of what is hidden
    bytes     BIGINT NOT NULL,
    rows      BIGINT NOT NULL,
    import_id VARCHAR NOT NULL    -- the last import that brought a file of this name; empty where others replaced some of its villages since
);

-- Written in the order indicator, year, level, area_code, so that a map reads one stretch of the file.
CREATE TABLE IF NOT EXISTS observation (
    area_code   VARCHAR NOT NULL,
    level       VARCHAR NOT NULL,
    indicator   VARCHAR NOT NULL,
    year        SMALLINT NOT NULL,
    numerator   DOUBLE,
    denominator DOUBLE,
    value       DOUBLE,
    basis       VARCHAR NOT NULL,
    definition  VARCHAR,
    source_id   VARCHAR NOT NULL,
    suppressed  BOOLEAN NOT NULL,
    computed    BOOLEAN NOT NULL,  -- made by derive.py, hence thrown away and made again
    preferred   BOOLEAN NOT NULL   -- of the one source readers see for this indicator, year and level
);

CREATE TABLE IF NOT EXISTS import_run (
    import_id VARCHAR NOT NULL,
    kind      VARCHAR NOT NULL,
    imported_at VARCHAR NOT NULL,
    report    VARCHAR NOT NULL,   -- JSON of the import report
    files     INTEGER NOT NULL    -- rows it put into source_file
);

CREATE TABLE IF NOT EXISTS finding (
    import_id   VARCHAR NOT NULL,
    severity    VARCHAR NOT NULL,
    code        VARCHAR NOT NULL,
    file        VARCHAR NOT NULL,
    "row"       BIGINT,
    "column"    VARCHAR,
    found       VARCHAR NOT NULL,
    expected    VARCHAR NOT NULL,
    mend_th     VARCHAR NOT NULL,
    mend_en     VARCHAR NOT NULL
);

-- Where the polygons of the snapshot lie, so that a map can be framed without reading geometry.
CREATE TABLE IF NOT EXISTS extent (
    code  VARCHAR NOT NULL,
    level VARCHAR NOT NULL,
    west  DOUBLE NOT NULL,
    south DOUBLE NOT NULL,
    east  DOUBLE NOT NULL,
    north DOUBLE NOT NULL
);

-- Night light: one raster a product and year, in a file of the snapshot. Missing from snapshots made before there were rasters.
CREATE TABLE IF NOT EXISTS raster (
    source_id        VARCHAR NOT NULL,
    product          VARCHAR NOT NULL,   -- id in geo/nightlight.toml
    year             SMALLINT NOT NULL,
    period_start     VARCHAR,            -- ISO dates, where the file says
    period_end       VARCHAR,
    mask             VARCHAR,
    unit             VARCHAR NOT NULL,
    width            INTEGER NOT NULL,
    height           INTEGER NOT NULL,
    west             DOUBLE NOT NULL,
    north            DOUBLE NOT NULL,
    dx               DOUBLE NOT NULL,    -- degrees, positive
    dy               DOUBLE NOT NULL,
    lit_threshold    DOUBLE NOT NULL,
    saturation       DOUBLE,
    sensor           VARCHAR NOT NULL,
    file             VARCHAR NOT NULL,   -- inside the snapshot
    sha256           VARCHAR NOT NULL,   -- of the file that was imported; of several tiles all, a blank between them
    cells            BIGINT NOT NULL,
    nodata_cells     BIGINT NOT NULL,
    negative_cells   BIGINT NOT NULL,
    not_finite_cells BIGINT NOT NULL,
    observations_file VARCHAR,
    note             VARCHAR
);

-- Villages that have a place on the map, one row a village: where two sources know one, the surer row stays.
CREATE TABLE IF NOT EXISTS village_point (
    code       VARCHAR NOT NULL,   -- 8 digits, DOPA
    name_th    VARCHAR NOT NULL,
    longitude  DOUBLE NOT NULL,    -- EPSG:4326
    latitude   DOUBLE NOT NULL,
    source_id  VARCHAR NOT NULL,
    how        VARCHAR NOT NULL,   -- code | position | name: what led from the file's row to the village
    confidence DOUBLE NOT NULL     -- 0 to 1, a grade of ours and no probability
);

-- Scores of villages by a specification of กชช.2ค. No row: the file has no score there.
CREATE TABLE IF NOT EXISTS village_score (
    code      VARCHAR NOT NULL,
    spec      VARCHAR NOT NULL,
    indicator VARCHAR NOT NULL,    -- id inside the specification
    year      SMALLINT NOT NULL,   -- CE
    score     TINYINT NOT NULL,    -- 1 severe problem, 2 some, 3 little or none; 0 does not apply to the village
    source_id VARCHAR NOT NULL
);

-- The specifications that scores were read by, whole: a snapshot does not depend on files that may change.
CREATE TABLE IF NOT EXISTS village_spec (
    spec  VARCHAR NOT NULL,
    entry VARCHAR NOT NULL         -- TOML
);

-- Persons by profile of deprivation: the sufficient statistic of the Alkire-Foster measures at every cut-off and set of weights. Only
-- the finest level of a source is kept, the levels above are its sums. Never of a protected source. Missing from snapshots made before.
CREATE TABLE IF NOT EXISTS mpi_profile (
    spec       VARCHAR NOT NULL,
    area_code  VARCHAR NOT NULL,
    level      VARCHAR NOT NULL,
    year       SMALLINT NOT NULL,   -- CE
    subgroup   VARCHAR NOT NULL,    -- such as sex=f; empty for everybody
    profile    BIGINT NOT NULL,     -- bit i: deprived in the i-th indicator of the specification
    missing    BIGINT NOT NULL,     -- bit i: the i-th indicator is not known
    persons    DOUBLE NOT NULL,     -- whom they stand for: the sum of weights
    rows       BIGINT NOT NULL,     -- persons the source asked; the same in a census
    source_id  VARCHAR NOT NULL
);

-- The specifications that profiles were made by, whole, one a source.
CREATE TABLE IF NOT EXISTS mpi_spec (
    source_id VARCHAR NOT NULL,
    spec      VARCHAR NOT NULL,
    entry     VARCHAR NOT NULL      -- TOML
);

-- Indicators that came with imported files, as analytics/catalogue.py writes them. Missing from snapshots made before.
CREATE TABLE IF NOT EXISTS indicator_entry (
    id        VARCHAR NOT NULL,
    source_id VARCHAR NOT NULL,   -- the source that brought it
    position  INTEGER NOT NULL,   -- in its file, so that screens offer columns in the file's order
    entry     VARCHAR NOT NULL    -- JSON
);

-- Public services: hospitals, schools, offices. A source that arrives again replaces all rows of its own. Missing from snapshots made
-- before there were places.
CREATE TABLE IF NOT EXISTS place (
    place_id      VARCHAR NOT NULL,   -- stable within its source
    source_id     VARCHAR NOT NULL,
    kind          VARCHAR NOT NULL,   -- health | school | office | other
    grade         VARCHAR NOT NULL,   -- id of analytics/services.toml, or 'unknown'
    name_th       VARCHAR NOT NULL,   -- empty where the file has no names
    name_en       VARCHAR NOT NULL,
    code          VARCHAR,            -- the agency's own
    area_code     VARCHAR NOT NULL,   -- subdistrict it lies in; district or province where no more is known
    longitude     DOUBLE,             -- EPSG:4326; both null where the file has none
    latitude      DOUBLE,
    approximate   BOOLEAN NOT NULL,   -- put at its subdistrict's inner point
    capacity      DOUBLE,
    capacity_unit VARCHAR,            -- beds | pupils | persons | units
    note          VARCHAR
);
