-- Rows as version 1 wrote them, one of each kind. Append only.

INSERT INTO idem_records (
    `key`, label, task, version, scope_label, state, owner, fence, attempt, lease_until, longest_lease, fingerprint, host, process, trace, on_stale, max_attempts, grace, error, retry_at, created_at, updated_at, completed_at, expires_at, format, no_result, result, revision
) VALUES (
    x'36e1290d053911403254c1f3975f4ea87bec8ac2a7c2eb1064e5dea5f2017950', 'idem1:shop:billing.charge@1:-:36e1290d053911403254c1f3975f4ea87bec8ac2a7c2eb1064e5dea5f2017950:-', 'billing.charge', 1, NULL, 'retryable', x'05050505050505050505050505050505', 9795219200000003, 0, NULL, 30000000, NULL, 'worker-1', 4711, 'trace-9', 'rerun', NULL, 86400000000, 'it broke', NULL, 9795219200000003, 9795219200000004, NULL, 9795305600000004, 1, NULL, NULL, 9795219200000001
);

INSERT INTO idem_records (
    `key`, label, task, version, scope_label, state, owner, fence, attempt, lease_until, longest_lease, fingerprint, host, process, trace, on_stale, max_attempts, grace, error, retry_at, created_at, updated_at, completed_at, expires_at, format, no_result, result, revision
) VALUES (
    x'43af0eb2918e4ad3aced4c44588f87c6e795b3a178b140ba1f66fa65da6b17a0', 'idem1:shop:billing.charge@1:-:43af0eb2918e4ad3aced4c44588f87c6e795b3a178b140ba1f66fa65da6b17a0:-', 'billing.charge', 1, NULL, 'failed', x'06060606060606060606060606060606', 9795219200000004, 1, NULL, 30000000, x'019c3b517580ea4ffc02dfa0131c9ecf8a0106616d6f756e74b8b06363e9cf678e', 'worker-1', 4711, 'trace-9', 'rerun', NULL, 86400000000, 'it broke', 9795219230000005, 9795219200000004, 9795219200000005, NULL, 9795305630000005, 1, NULL, NULL, 9795219200000001
);

INSERT INTO idem_records (
    `key`, label, task, version, scope_label, state, owner, fence, attempt, lease_until, longest_lease, fingerprint, host, process, trace, on_stale, max_attempts, grace, error, retry_at, created_at, updated_at, completed_at, expires_at, format, no_result, result, revision
) VALUES (
    x'47ef4508c1cf13e5b1825819263783515cdb114e3d08204bc3d42138671bdb3f', 'idem1:shop:billing.charge@1:-:47ef4508c1cf13e5b1825819263783515cdb114e3d08204bc3d42138671bdb3f:-', 'billing.charge', 1, NULL, 'cleared', x'09090909090909090909090909090909', 9795219200000006, 1, NULL, 30000000, x'01ef5785fa8e125574833389e5197f5e660106616d6f756e74a4a6f8893e9bae44', 'worker-1', 4711, 'trace-9', 'rerun', NULL, 86400000000, NULL, NULL, 9795219200000006, 9795219200000006, NULL, 9795219230000006, 1, NULL, NULL, 9795219200000001
);

INSERT INTO idem_records (
    `key`, label, task, version, scope_label, state, owner, fence, attempt, lease_until, longest_lease, fingerprint, host, process, trace, on_stale, max_attempts, grace, error, retry_at, created_at, updated_at, completed_at, expires_at, format, no_result, result, revision
) VALUES (
    x'5695eac386c2cecdf734f89b132663ce0172daca1f598121f92ac4de405f0b59', 'idem1:app%3Aprod:~db96b5e715747833@7:user=42:5695eac386c2cecdf734f89b132663ce0172daca1f598121f92ac4de405f0b59:-', 'reports.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', 7, 'user=42', 'running', x'0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a', 9795219200000006, 1, 9795219230000006, 30000000, NULL, 'worker-1', 4711, 'trace-9', 'rerun', NULL, 86400000000, NULL, NULL, 9795219200000006, 9795219200000006, NULL, 9795305630000006, 1, NULL, NULL, 9795219200000001
);

INSERT INTO idem_records (
    `key`, label, task, version, scope_label, state, owner, fence, attempt, lease_until, longest_lease, fingerprint, host, process, trace, on_stale, max_attempts, grace, error, retry_at, created_at, updated_at, completed_at, expires_at, format, no_result, result, revision
) VALUES (
    x'7386c7e64d9928b94d08b73ace569e782d9aab48c56036b35f71ff601a1bb81e', 'idem1:shop:billing.charge@1:-:7386c7e64d9928b94d08b73ace569e782d9aab48c56036b35f71ff601a1bb81e:-', 'billing.charge', 1, NULL, 'completed', x'02020202020202020202020202020202', 9795219200000001, 1, NULL, 30000000, x'01f9245a285b9562a27e8488f9abc546aa0106616d6f756e7499c4ee7ef49a610d', 'worker-1', 4711, 'trace-9', 'park', 3, NULL, NULL, NULL, 9795219200000001, 9795219200000002, 9795219200000002, 9795305600000002, 1, NULL, x'010182182af6', 9795219200000001
);

INSERT INTO idem_records (
    `key`, label, task, version, scope_label, state, owner, fence, attempt, lease_until, longest_lease, fingerprint, host, process, trace, on_stale, max_attempts, grace, error, retry_at, created_at, updated_at, completed_at, expires_at, format, no_result, result, revision
) VALUES (
    x'812271383eddaacb8d9cb74d5b1619e06ff2ce9a4af488e25faa5e998c59abef', 'idem1:shop:billing.charge@1:-:812271383eddaacb8d9cb74d5b1619e06ff2ce9a4af488e25faa5e998c59abef:-', 'billing.charge', 1, NULL, 'parked', x'07070707070707070707070707070707', 9795219200000005, 1, NULL, 30000000, NULL, 'worker-1', 4711, 'trace-9', 'rerun', NULL, 86400000000, 'it broke', NULL, 9795219200000005, 9795219200000006, NULL, NULL, 1, NULL, NULL, 9795219200000001
);

INSERT INTO idem_records (
    `key`, label, task, version, scope_label, state, owner, fence, attempt, lease_until, longest_lease, fingerprint, host, process, trace, on_stale, max_attempts, grace, error, retry_at, created_at, updated_at, completed_at, expires_at, format, no_result, result, revision
) VALUES (
    x'beacdc978ba35b627922ad2863f24947173967560976cca5df1ba0d87971861b', 'idem1:shop:billing.charge@1:-:beacdc978ba35b627922ad2863f24947173967560976cca5df1ba0d87971861b:-', 'billing.charge', 1, NULL, 'running', x'01010101010101010101010101010101', 9795219200000000, 1, 9795219230000000, 30000000, x'01e0f0719682a4a18bd26796aa387693860106616d6f756e74ed89863215a75d31', 'worker-1', 4711, 'trace-9', 'rerun', NULL, 86400000000, NULL, NULL, 9795219200000000, 9795219200000000, NULL, 9795305630000000, 1, NULL, NULL, 9795219200000001
);

INSERT INTO idem_records (
    `key`, label, task, version, scope_label, state, owner, fence, attempt, lease_until, longest_lease, fingerprint, host, process, trace, on_stale, max_attempts, grace, error, retry_at, created_at, updated_at, completed_at, expires_at, format, no_result, result, revision
) VALUES (
    x'df25f515db86e3c7ce663bf1eb6db703b308c0a38213c9bb165e97de58a6a9f3', 'idem1:shop:billing.charge@1:-:df25f515db86e3c7ce663bf1eb6db703b308c0a38213c9bb165e97de58a6a9f3:-', 'billing.charge', 1, NULL, 'completed', x'03030303030303030303030303030303', 9795219200000002, 1, NULL, 30000000, NULL, 'wörker', 1, NULL, 'rerun', NULL, 86400000000, NULL, NULL, 9795219200000002, 9795219200000002, 9795219200000002, NULL, 1, 'larger than 1 MiB', NULL, 9795219200000001
);

INSERT INTO idem_records (
    `key`, label, task, version, scope_label, state, owner, fence, attempt, lease_until, longest_lease, fingerprint, host, process, trace, on_stale, max_attempts, grace, error, retry_at, created_at, updated_at, completed_at, expires_at, format, no_result, result, revision
) VALUES (
    x'e7db73a65c394ce16d867dd22f28c3be099e71249cf6b8ece5c261a8f5978f0d', 'idem1:shop:billing.charge@1:-:e7db73a65c394ce16d867dd22f28c3be099e71249cf6b8ece5c261a8f5978f0d:-', 'billing.charge', 1, NULL, 'cancelled', x'00000000000000000000000000000000', 0, 0, NULL, 0, NULL, '', 0, NULL, 'rerun', NULL, 86400000000, NULL, NULL, 9795219200000006, 9795219200000006, NULL, 9795305600000006, 1, NULL, NULL, 9795219200000001
);

INSERT INTO idem_records (
    `key`, label, task, version, scope_label, state, owner, fence, attempt, lease_until, longest_lease, fingerprint, host, process, trace, on_stale, max_attempts, grace, error, retry_at, created_at, updated_at, completed_at, expires_at, format, no_result, result, revision
) VALUES (
    x'f969907119eab762a8da3c6cc5ff97265eea94309243af56d264f7f4d00acffe', 'idem1:shop:billing.charge@1:-:f969907119eab762a8da3c6cc5ff97265eea94309243af56d264f7f4d00acffe:-', 'billing.charge', 1, NULL, 'retryable', x'04040404040404040404040404040404', 9795219200000002, 1, NULL, 30000000, x'0190812a425dc8055377103223ced5063d0106616d6f756e74702df626d754a4ea', 'worker-1', 4711, 'trace-9', 'rerun', NULL, 86400000000, 'it broke', NULL, 9795219200000002, 9795219200000003, NULL, 9795305600000003, 1, NULL, NULL, 9795219200000001
);
