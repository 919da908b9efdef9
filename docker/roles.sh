#!/bin/bash
# Runs once, when the database server is new: the database, who owns it, and who the service logs in as.
set -euo pipefail

psql --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
    --set owner_password="$OWNER_PASSWORD" --set service_password="$SERVICE_PASSWORD" <<'SQL'
-- The role that the service works as; the migrations grant it what it may do, table by table.
CREATE ROLE entitlements_service NOLOGIN;

CREATE ROLE entitlements LOGIN CREATEROLE PASSWORD :'owner_password';
GRANT entitlements_service TO entitlements WITH ADMIN OPTION;

CREATE ROLE entitlements_login LOGIN PASSWORD :'service_password';
GRANT entitlements_service TO entitlements_login;

CREATE DATABASE entitlements OWNER entitlements TEMPLATE template0 ENCODING 'UTF8'
    LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C';
REVOKE ALL ON DATABASE entitlements FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE entitlements TO entitlements_login, entitlements_service;
SQL
