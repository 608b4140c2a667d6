-- Rows of format 2, which has `pending`: never claimed, and after an attempt. Append only.

INSERT INTO idem_records (
    `key`, label, task, version, scope_label, state, owner, fence, attempt, lease_until, longest_lease, fingerprint, host, process, trace, on_stale, max_attempts, grace, error, retry_at, created_at, updated_at, completed_at, expires_at, format, no_result, result, revision
) VALUES (
    x'36e1290d053911403254c1f3975f4ea87bec8ac2a7c2eb1064e5dea5f2017950', 'idem1:shop:billing.charge@1:-:36e1290d053911403254c1f3975f4ea87bec8ac2a7c2eb1064e5dea5f2017950:-', 'billing.charge', 1, NULL, 'pending', x'05050505050505050505050505050505', 0, 0, NULL, 0, NULL, 'worker-1', 4711, 'trace-9', 'rerun', NULL, 86400000000, NULL, 9795222800000004, 9795219200000003, 9795219200000004, NULL, 9795222800000004, 2, NULL, NULL, 9795219200000001
);

INSERT INTO idem_records (
    `key`, label, task, version, scope_label, state, owner, fence, attempt, lease_until, longest_lease, fingerprint, host, process, trace, on_stale, max_attempts, grace, error, retry_at, created_at, updated_at, completed_at, expires_at, format, no_result, result, revision
) VALUES (
    x'43af0eb2918e4ad3aced4c44588f87c6e795b3a178b140ba1f66fa65da6b17a0', 'idem1:shop:billing.charge@1:-:43af0eb2918e4ad3aced4c44588f87c6e795b3a178b140ba1f66fa65da6b17a0:-', 'billing.charge', 1, NULL, 'pending', x'06060606060606060606060606060606', 9795219200000004, 1, NULL, 30000000, x'019c3b517580ea4ffc02dfa0131c9ecf8a0106616d6f756e74b8b06363e9cf678e', 'worker-1', 4711, 'trace-9', 'rerun', NULL, 86400000000, 'it broke', 9795219230000005, 9795219200000004, 9795219200000005, NULL, 9795305630000005, 2, NULL, NULL, 9795219200000001
);
