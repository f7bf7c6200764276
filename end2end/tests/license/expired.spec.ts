import { overviewShowsLicense } from "../../support/license.ts";
import { test } from "../../support/test.ts";

test.use({ scenario: "expired" });

overviewShowsLicense("expired", { state: "expired", badge: "Expired", headline: /^The license has expired$/ });
