import { overviewShowsLicense } from "../../support/license.ts";
import { test } from "../../support/test.ts";

test.use({ scenario: "failing" });

overviewShowsLicense("failing", { state: "expiring", badge: "Expiring", headline: /^The license is at stake$/ });
