import { overviewShowsLicense } from "../../support/license.ts";
import { test } from "../../support/test.ts";

test.use({ scenario: "fresh" });

overviewShowsLicense("fresh", { state: "ok", badge: "OK", headline: /^(No clock is running|The first delivery is due|Everything is delivered)$/ });
