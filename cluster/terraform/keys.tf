# A key for data at rest, and one for the machines' disks. Whoever administers the account administers it; services use it through their own grants.
resource "aws_kms_key" "data" {
  description             = "${local.name}: data at rest"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.key.json
}

resource "aws_kms_alias" "data" {
  name          = "alias/${local.name}"
  target_key_id = aws_kms_key.data.key_id
}

data "aws_iam_policy_document" "key" {
  #checkov:skip=CKV_AWS_109:a key's policy must leave the account able to administer the key, or nobody can any more
  #checkov:skip=CKV_AWS_111:the same
  #checkov:skip=CKV_AWS_356:in a key's policy the resource "*" is this key
  statement {
    sid       = "Account"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["arn:${data.aws_partition.here.partition}:iam::${data.aws_caller_identity.me.account_id}:root"]
    }
  }
  statement {
    sid       = "Logs"
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["logs.${var.region}.amazonaws.com"]
    }
    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["arn:${data.aws_partition.here.partition}:logs:${var.region}:${data.aws_caller_identity.me.account_id}:*"]
    }
  }
}

# Of its own, because whoever of this account may use EBS may use it.
resource "aws_kms_key" "disks" {
  description             = "${local.name}: disks"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.disks.json
}

resource "aws_kms_alias" "disks" {
  name          = "alias/${local.name}-disks"
  target_key_id = aws_kms_key.disks.key_id
}

data "aws_iam_policy_document" "disks" {
  #checkov:skip=CKV_AWS_109:a key's policy must leave the account able to administer the key, or nobody can any more
  #checkov:skip=CKV_AWS_111:the same
  #checkov:skip=CKV_AWS_356:in a key's policy the resource "*" is this key
  statement {
    sid       = "Account"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["arn:${data.aws_partition.here.partition}:iam::${data.aws_caller_identity.me.account_id}:root"]
    }
  }
  # Disks are made and attached for others: for the group that starts machines, for the driver of volumes. Neither has a
  # grant of its own, so whoever of this account may use EBS uses the key through it, as with Amazon's own key for disks.
  statement {
    sid       = "Disks"
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
    condition {
      test     = "StringEquals"
      variable = "kms:CallerAccount"
      values   = [data.aws_caller_identity.me.account_id]
    }
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["ec2.${var.region}.amazonaws.com"]
    }
  }
}
