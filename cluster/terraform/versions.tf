# What Azora stands on in AWS: a network, Kubernetes with a group of GPU nodes, PostgreSQL with pgvector, Valkey, Kafka,
# buckets, registries, keys. docs/DEPLOYMENT.md says in which order; nothing here was ever applied by us.
terraform {
  required_version = ">= 1.9"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
    tls = {
      source  = "hashicorp/tls"
      version = "~> 4.0"
    }
  }
  # The state holds what the resources hold: keep it in a bucket with a lock, encrypted with a key of your own.
  backend "s3" {
    key          = "azora/terraform.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region = var.region
  default_tags {
    tags = {
      Project     = "azora"
      Environment = var.environment
    }
  }
}
