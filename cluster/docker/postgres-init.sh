#!/bin/sh
# Once, as the database is made: the roles and the extension of docs/OPERATIONS.md#your-own-postgresql-and-valkey.
set -eu
psql --set=ON_ERROR_STOP=1 --set=owner="$AZORA_OWNER_PASSWORD" --set=login="$AZORA_LOGIN_PASSWORD" \
    --username "$POSTGRES_USER" <<'SQL'
create role azora_app nologin;
create role azora_system nologin;
create role azora_owner login password :'owner';
create role azora_login login password :'login';
grant azora_app, azora_system to azora_owner with admin option;
grant azora_app, azora_system to azora_login;
create database azora owner azora_owner;
\connect azora
create extension vector;
SQL
