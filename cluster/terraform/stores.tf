# PostgreSQL. The master's password is made and rotated by RDS and lies in Secrets Manager; Azora's own logins are made by
# the statements of docs/OPERATIONS.md, or by Vault.
resource "aws_db_subnet_group" "main" {
  name       = local.name
  subnet_ids = aws_subnet.stores[*].id
}

resource "aws_db_parameter_group" "main" {
  name   = "${local.name}-18"
  family = "postgres18"
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }
  parameter {
    # Statements' values are personal data: logs do not have them.
    name  = "log_parameter_max_length"
    value = "0"
  }
}

resource "aws_db_instance" "main" {
  #checkov:skip=CKV_AWS_161:Azora signs in with passwords that Vault makes and takes back; IAM's tokens last 15 minutes and pools outlive them
  #checkov:skip=CKV2_AWS_30:statements are logged from one second on, without their values; all of them would log personal data
  identifier                      = local.name
  engine                          = "postgres"
  engine_version                  = "18"
  instance_class                  = var.database_class
  db_name                         = "azora"
  username                        = "administrator"
  manage_master_user_password     = true
  master_user_secret_kms_key_id   = aws_kms_key.data.arn
  allocated_storage               = 100
  max_allocated_storage           = 2000
  storage_type                    = "gp3"
  storage_encrypted               = true
  kms_key_id                      = aws_kms_key.data.arn
  multi_az                        = true
  publicly_accessible             = false
  db_subnet_group_name            = aws_db_subnet_group.main.name
  vpc_security_group_ids          = [aws_security_group.stores.id]
  parameter_group_name            = aws_db_parameter_group.main.name
  backup_retention_period         = 35 # any moment of the last 35 days
  copy_tags_to_snapshot           = true
  delete_automated_backups        = false
  deletion_protection             = true
  final_snapshot_identifier       = "${local.name}-final"
  auto_minor_version_upgrade      = true
  performance_insights_enabled    = true
  performance_insights_kms_key_id = aws_kms_key.data.arn
  monitoring_interval             = 60
  monitoring_role_arn             = aws_iam_role.monitoring.arn
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]
  ca_cert_identifier              = "rds-ca-rsa4096-g1"
}

resource "aws_iam_role" "monitoring" {
  name               = "${local.name}-database-monitoring"
  assume_role_policy = data.aws_iam_policy_document.assumed_by["monitoring.rds"].json
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  role       = aws_iam_role.monitoring.name
  policy_arn = "arn:${data.aws_partition.here.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}

# Valkey: one primary with replicas, no shards. ElastiCache keeps no append-only file of the kind Azora asks for: what was
# revoked in the last moment before a failover can come back to life for the rest of a token's quarter of an hour. Where
# that may not be, run Valkey yourself or use MemoryDB, which writes to several zones before it answers.
resource "aws_elasticache_subnet_group" "main" {
  name       = local.name
  subnet_ids = aws_subnet.stores[*].id
}

resource "aws_elasticache_parameter_group" "main" {
  name   = "${local.name}-valkey8"
  family = "valkey8"
  parameter {
    name  = "maxmemory-policy"
    value = "noeviction"
  }
}

resource "aws_elasticache_replication_group" "main" {
  replication_group_id       = local.name
  description                = "Sessions and counters"
  engine                     = "valkey"
  engine_version             = "8.1"
  node_type                  = var.valkey_class
  num_cache_clusters         = 3
  automatic_failover_enabled = true
  multi_az_enabled           = true
  parameter_group_name       = aws_elasticache_parameter_group.main.name
  subnet_group_name          = aws_elasticache_subnet_group.main.name
  security_group_ids         = [aws_security_group.stores.id]
  at_rest_encryption_enabled = true
  kms_key_id                 = aws_kms_key.data.arn
  transit_encryption_enabled = true
  transit_encryption_mode    = "required"
  user_group_ids             = [aws_elasticache_user_group.main.user_group_id]
  snapshot_retention_limit   = 7
  auto_minor_version_upgrade = true
}

# IAM's tokens expire; the password of this user is set outside of Terraform, so that no state has it.
resource "aws_elasticache_user" "azora" {
  user_id   = local.name
  user_name = local.name # with IAM the two must be the same
  # Of what is dangerous the platform needs two: INFO for its checks, and RESTORE for `azora restore`.
  access_string = "on ~* &* +@all -@admin -@dangerous +info +restore"
  engine        = "valkey"
  authentication_mode {
    type = "iam"
  }
  lifecycle {
    ignore_changes = [authentication_mode]
  }
}

resource "aws_elasticache_user_group" "main" {
  user_group_id = local.name
  engine        = "valkey"
  user_ids      = [aws_elasticache_user.azora.user_id]
}

# Kafka, with SASL/SCRAM over TLS.
resource "aws_msk_cluster" "main" {
  cluster_name           = local.name
  kafka_version          = "4.0.x.kraft"
  number_of_broker_nodes = 3
  enhanced_monitoring    = "PER_TOPIC_PER_BROKER"
  broker_node_group_info {
    instance_type   = var.kafka_class
    client_subnets  = aws_subnet.stores[*].id
    security_groups = [aws_security_group.stores.id]
    storage_info {
      ebs_storage_info {
        volume_size = 200
      }
    }
  }
  client_authentication {
    unauthenticated = false
    sasl {
      scram = true
    }
  }
  encryption_info {
    encryption_at_rest_kms_key_arn = aws_kms_key.data.arn
    encryption_in_transit {
      client_broker = "TLS"
      in_cluster    = true
    }
  }
  configuration_info {
    arn      = aws_msk_configuration.main.arn
    revision = aws_msk_configuration.main.latest_revision
  }
  logging_info {
    broker_logs {
      cloudwatch_logs {
        enabled   = true
        log_group = aws_cloudwatch_log_group.kafka.name
      }
    }
  }
}

resource "aws_msk_configuration" "main" {
  name              = local.name
  kafka_versions    = ["4.0.x.kraft"]
  server_properties = <<-PROPERTIES
    auto.create.topics.enable=false
    default.replication.factor=3
    min.insync.replicas=2
    unclean.leader.election.enable=false
  PROPERTIES
}

resource "aws_cloudwatch_log_group" "kafka" {
  name              = "/azora/${var.environment}/kafka"
  retention_in_days = 365
  kms_key_id        = aws_kms_key.data.arn
}
