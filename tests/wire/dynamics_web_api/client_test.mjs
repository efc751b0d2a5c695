// The npm client dynamics-web-api, unchanged, against the embedded organization.
// Usage: node client_test.mjs PROGRAM [ARGUMENT…]: the program that serves, with its arguments.
// Exit code: 0 passed, 1 failed, 77 skipped because the client is not installed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

let DynamicsWebApi;
try {
    ({ DynamicsWebApi } = await import("dynamics-web-api"));
} catch {
    console.log("skipped: dynamics-web-api is not installed; run npm ci in tests/wire/dynamics_web_api");
    process.exit(77);
}

const [program, ...programArguments] = process.argv.slice(2);
const server = spawn(program, [...programArguments, "--sample", "600"], { stdio: ["ignore", "pipe", "inherit"] });
server.on("error", (failure) => {
    console.error(`${program} cannot be started: ${failure.message}`);
    process.exit(1);
});
const ready = await new Promise((resolve, reject) => {
    createInterface({ input: server.stdout }).once("line", (line) => resolve(JSON.parse(line)));
    server.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
});

const clientOf = (user, more = {}) =>
    new DynamicsWebApi({
        serverUrl: ready.url,
        dataApi: { version: "9.2" },
        onTokenRefresh: async () => ready.users.find((one) => one.name === user).token,
        ...more,
    });
const ada = clientOf("ada", { propagateErrors: true });

const statusOf = async (promise) => {
    try {
        await promise;
    } catch (failure) {
        return (Array.isArray(failure) ? failure[0] : failure).status; // a failed batch throws a list
    }
    return 0;
};

const tests = {
    async "who am I"() {
        const me = await ada.callFunction("WhoAmI");
        assert.match(me.UserId, /^[0-9a-f-]{36}$/);
    },

    async "create and retrieve"() {
        const id = await ada.create({ collection: "contacts", data: { firstname: "Ada", lastname: "Byron " } });
        const found = await ada.retrieve({ collection: "contacts", key: id, select: ["fullname", "lastname"] });
        assert.equal(found.fullname, "Ada Byron");
        assert.equal(found.lastname, "Byron");
        const made = await ada.create({
            collection: "accounts",
            data: { name: "Engines Ltd", "primarycontactid@odata.bind": `/contacts(${id})` },
            returnRepresentation: true,
            select: ["name", "_primarycontactid_value"],
        });
        assert.equal(made._primarycontactid_value, id);
        const expanded = await ada.retrieve({
            collection: "accounts",
            key: made.accountid,
            select: ["name"],
            expand: [{ property: "primarycontactid", select: ["fullname"] }],
        });
        assert.equal(expanded.primarycontactid.fullname, "Ada Byron");
    },

    async "update under If-Match"() {
        const made = await ada.create({
            collection: "contacts",
            data: { lastname: "Before" },
            returnRepresentation: true,
        });
        const etag = made["@odata.etag"];
        const changed = await ada.update({
            collection: "contacts",
            key: made.contactid,
            data: { lastname: "After" },
            ifmatch: etag,
            returnRepresentation: true,
        });
        assert.equal(changed.fullname, "After");
        assert.notEqual(changed["@odata.etag"], etag);
        const stale = ada.update({
            collection: "contacts",
            key: made.contactid,
            data: { lastname: "Lost" },
            ifmatch: etag,
        });
        assert.equal(await statusOf(stale), 412);
        await ada.updateSingleProperty({
            collection: "contacts",
            key: made.contactid,
            fieldValuePair: { jobtitle: "Engineer" },
        });
        const now = await ada.retrieve({ collection: "contacts", key: made.contactid, select: ["jobtitle", "lastname"] });
        assert.deepEqual([now.jobtitle, now.lastname], ["Engineer", "After"]);
    },

    async "upsert, both ways"() {
        const key = "11111111-2222-4333-8444-555555555555";
        const only = { collection: "contacts", key, data: { lastname: "Upserted" } };
        assert.equal(await statusOf(ada.upsert({ ...only, ifmatch: "*" })), 404);
        assert.equal(await statusOf(ada.upsert({ ...only, ifnonematch: "*" })), 0);
        assert.equal(await statusOf(ada.upsert({ ...only, ifnonematch: "*" })), 412);
        assert.equal(await statusOf(ada.upsert(only)), 0);
        const found = await ada.retrieve({ collection: "contacts", key, select: ["lastname"] });
        assert.equal(found.lastname, "Upserted");
    },

    async "delete"() {
        const id = await ada.create({ collection: "tasks", data: { subject: "Forget" } });
        await ada.deleteRecord({ collection: "tasks", key: id });
        assert.equal(await statusOf(ada.retrieve({ collection: "tasks", key: id })), 404);
    },

    async "retrieveMultiple with filter, order, count and pages"() {
        const request = {
            collection: "contacts",
            select: ["fullname", "_parentcustomerid_value"],
            filter: "startswith(address1_country,'g') or address1_country eq 'france'",
            orderBy: ["fullname asc"],
            maxPageSize: 7,
            count: true,
            includeAnnotations: "*",
        };
        const first = await ada.retrieveMultiple(request);
        assert.equal(first.value.length, 7);
        assert.ok(first["@odata.nextLink"]);
        assert.ok(first.value[0]["_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"]);
        const second = await ada.retrieveMultiple(request, first["@odata.nextLink"]);
        assert.ok(second.value[0].fullname >= first.value[6].fullname || second.value.length > 0);
        const all = await ada.retrieveAll({ ...request, count: undefined });
        assert.equal(all.value.length, first["@odata.count"]);
        assert.equal(new Set(all.value.map((one) => one.contactid)).size, all.value.length);
        const count = await ada.count({ collection: "contacts", filter: request.filter });
        assert.equal(Number(count), all.value.length);
    },

    async "fetch with paging cookies"() {
        const fetchXml =
            '<fetch mapping="logical" count="11"><entity name="contact"><attribute name="fullname"/>' +
            '<attribute name="birthdate"/><order attribute="fullname"/></entity></fetch>';
        const first = await ada.fetch({ collection: "contacts", fetchXml, includeAnnotations: "*" });
        assert.equal(first.value.length, 11);
        assert.ok(first.PagingInfo.cookie.includes("<cookie") || first.PagingInfo.cookie.length > 0);
        const second = await ada.fetch({
            collection: "contacts",
            fetchXml,
            includeAnnotations: "*",
            pageNumber: first.PagingInfo.nextPage,
            pagingCookie: first.PagingInfo.cookie,
        });
        assert.ok(second.value[0].fullname >= first.value[10].fullname);
        const all = await ada.fetchAll({ collection: "contacts", fetchXml, includeAnnotations: "*" });
        const total = Number(await ada.count({ collection: "contacts" }));
        assert.equal(all.value.length, total);
        assert.equal(new Set(all.value.map((one) => one.contactid)).size, total);
        assert.ok(all.value.some((one) => !("birthdate" in one)), "null columns are left out");
    },

    async "track changes"() {
        const start = await ada.retrieveMultiple({ collection: "accounts", select: ["name"], trackChanges: true });
        const link = start["@odata.deltaLink"];
        assert.ok(link);
        const kept = await ada.create({ collection: "accounts", data: { name: "New here" } });
        const gone = await ada.create({ collection: "accounts", data: { name: "Soon gone" } });
        await ada.deleteRecord({ collection: "accounts", key: gone });
        const changes = await ada.retrieveMultiple({ collection: "accounts", select: ["name"] }, link);
        assert.deepEqual(changes.value.map((one) => one.accountid ?? one.id), [kept, gone]);
        assert.equal(changes.value[1].reason, "deleted");
        const bob = clientOf("bob");
        const refused = bob.retrieveMultiple({ collection: "accounts", trackChanges: true });
        assert.equal(await statusOf(refused), 403);
    },

    async "batch as one change set with references"() {
        ada.startBatch();
        ada.create({ collection: "contacts", data: { lastname: "In a set" }, contentId: "1" });
        ada.create({
            collection: "accounts",
            data: { name: "Set Ltd", "primarycontactid@odata.bind": "$1" },
        });
        ada.updateSingleProperty({ collection: "$1", fieldValuePair: { jobtitle: "First" } });
        const results = await ada.executeBatch();
        assert.match(results[0], /^[0-9a-f-]{36}$/);
        const account = await ada.retrieve({
            collection: "accounts",
            key: results[1],
            expand: [{ property: "primarycontactid", select: ["jobtitle"] }],
        });
        assert.equal(account.primarycontactid.jobtitle, "First");
    },

    async "a change set is undone as a whole"() {
        const name = "Never there";
        ada.startBatch();
        ada.create({ collection: "accounts", data: { name } });
        ada.create({ collection: "accounts", data: { name: "x".repeat(500) } });
        assert.equal(await statusOf(ada.executeBatch()), 400);
        const found = await ada.retrieveMultiple({ collection: "accounts", filter: `name eq '${name}'` });
        assert.equal(found.value.length, 0);
    },

    async "batch without change sets goes on after an error"() {
        ada.startBatch();
        ada.create({ collection: "tasks", data: { subject: "One" }, inChangeSet: false });
        ada.retrieve({ collection: "tasks", key: "99999999-9999-4999-8999-999999999999", inChangeSet: false });
        ada.retrieveMultiple({ collection: "tasks", filter: "subject eq 'One'", select: ["subject"], inChangeSet: false });
        let results;
        try {
            results = await ada.executeBatch({ continueOnError: true, inChangeSet: false });
        } catch (failure) {
            results = failure; // the client throws what it read, as a list
        }
        assert.equal(results.length, 3);
        assert.equal(results[1].status, 404);
        assert.equal(results[2].value.length, 1);
    },

    async "associate and disassociate"() {
        const contact = await ada.create({ collection: "contacts", data: { lastname: "Linked" } });
        const account = await ada.create({ collection: "accounts", data: { name: "Linking" } });
        await ada.associateSingleValued({
            collection: "accounts",
            primaryKey: account,
            navigationProperty: "primarycontactid",
            relatedCollection: "contacts",
            relatedKey: contact,
        });
        let row = await ada.retrieve({ collection: "accounts", key: account, select: ["_primarycontactid_value"] });
        assert.equal(row._primarycontactid_value, contact);
        await ada.disassociateSingleValued({
            collection: "accounts",
            primaryKey: account,
            navigationProperty: "primarycontactid",
        });
        row = await ada.retrieve({ collection: "accounts", key: account, select: ["_primarycontactid_value"] });
        assert.equal(row._primarycontactid_value, null);
    },

    async "metadata and names of tables"() {
        const email = await ada.retrieveEntity({
            key: "LogicalName='email'",
            select: ["LogicalName", "EntitySetName"],
            expand: [{ property: "Attributes", select: ["LogicalName"], filter: "LogicalName eq 'subject'" }],
        });
        assert.equal(email.EntitySetName, "emails");
        assert.equal(email.Attributes.length, 1);
        const byName = clientOf("ada", { useEntityNames: true });
        const found = await byName.retrieveMultiple({ collection: "opportunity", top: 1, select: ["name"] });
        assert.equal(found.value.length, 1);
        const csdl = await ada.retrieveCsdlMetadata();
        assert.ok(csdl.includes('<EntitySet Name="emails"'));
    },
};

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
    try {
        await test();
        console.log(`passed: ${name}`);
    } catch (failure) {
        ++failed;
        console.log(`FAILED: ${name}\n${failure.stack ?? JSON.stringify(failure)}`);
    }
}
server.kill("SIGTERM");
process.exit(failed > 0 ? 1 : 0);
