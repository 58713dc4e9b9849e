variable "region" {
  description = "Where everything is, but what a second region keeps of it"
  type        = string
  default     = "eu-central-1"
}

variable "zones" {
  description = "Three of the region's zones"
  type        = list(string)
  default     = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  validation {
    condition     = length(var.zones) == 3
    error_message = "Three zones"
  }
}

variable "environment" {
  description = "staging or production; part of every name"
  type        = string
  validation {
    condition     = contains(["staging", "production"], var.environment)
    error_message = "staging or production"
  }
}

variable "network" {
  description = "The VPC's range; NetworkPolicies name it (overlays of cluster/kubernetes)"
  type        = string
  default     = "10.64.0.0/16"
}

variable "administrators" {
  description = "Addresses that may reach Kubernetes' API, in CIDR notation; none leaves the private endpoint alone"
  type        = list(string)
  default     = []
}

variable "administrator_roles" {
  description = "IAM roles whose holders administer Kubernetes, by ARN; whoever runs Terraform does not by that alone"
  type        = list(string)
  validation {
    condition     = length(var.administrator_roles) > 0
    error_message = "With none, nobody could ever administer the cluster"
  }
}

variable "repository" {
  description = "The GitHub repository whose workflows may push images, owner/name"
  type        = string
}

variable "database_class" {
  description = "The instance class of PostgreSQL"
  type        = string
  default     = "db.m8g.large"
}

variable "valkey_class" {
  description = "The node type of Valkey"
  type        = string
  default     = "cache.m7g.large"
}

variable "kafka_class" {
  description = "The instance type of Kafka's brokers"
  type        = string
  default     = "kafka.m7g.large"
}

variable "workers" {
  description = "Machines for services and actors: at least, at most"
  type        = object({ min = number, max = number })
  default     = { min = 3, max = 40 }
}

variable "models" {
  description = "Machines with a GPU: at most; there is none until a model asks"
  type        = number
  default     = 4
}

locals {
  name = "azora-${var.environment}"
}

data "aws_caller_identity" "me" {}
data "aws_partition" "here" {}
