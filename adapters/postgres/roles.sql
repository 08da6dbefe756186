-- The roles of Lingkar, and whose the database is. Run once for each database, in it, as one who may create roles;
-- running it again changes nothing. Give the three roles that log in their passwords afterwards.
--
-- lingkar_owner     owns the tables and migrates; no process that serves or delivers uses it
-- lingkar_app       the API: owns nothing, sees the rows of the actor who asks (row security)
-- lingkar_delivery  the delivery worker: owns nothing, writes what institutions answered, never a person
-- lingkar_sight     nobody logs in as it; the functions by which row security decides run as it

DO $$
DECLARE
    wanted text;
    thing record;
BEGIN
    PERFORM pg_advisory_xact_lock(7145203);
    FOREACH wanted IN ARRAY ARRAY[
        'lingkar_owner LOGIN NOINHERIT', 'lingkar_app LOGIN', 'lingkar_delivery LOGIN', 'lingkar_sight NOLOGIN'
    ] LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = split_part(wanted, ' ', 1));
        BEGIN
            EXECUTE 'CREATE ROLE ' || wanted;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- somebody else made it at the same moment
        END;
    END LOOP;
    -- The owner hands the functions over to lingkar_sight, and inherits nothing of what that role sees.
    IF NOT pg_has_role('lingkar_owner', 'lingkar_sight', 'MEMBER') THEN
        GRANT lingkar_sight TO lingkar_owner;
    END IF;
    EXECUTE format('ALTER DATABASE %I OWNER TO lingkar_owner', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO lingkar_app, lingkar_delivery', current_database());
    ALTER SCHEMA public OWNER TO lingkar_owner;
    -- What an older version made as another role becomes the owner's, too; extensions stay whose they are.
    FOR thing IN
        SELECT c.oid::regclass AS name FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v')
          AND c.relowner NOT IN ('lingkar_owner'::regrole, 'lingkar_sight'::regrole)
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO lingkar_owner', thing.name);
    END LOOP;
    FOR thing IN
        SELECT p.oid::regprocedure AS name FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace
          AND p.proowner NOT IN ('lingkar_owner'::regrole, 'lingkar_sight'::regrole)
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO lingkar_owner', thing.name);
    END LOOP;
END $$;
