-- `reratings` was written by the version before activations and is neither written nor read any more. Its rows stay: they
-- are the only record of which handbooks everybody was rated by before the first activation.
-- Statements are repeatable: the record that a migration ran is written after its transaction.

revoke insert on reratings from entitlements_service;
