import { overviewShowsLicense } from "../../support/license.ts";

overviewShowsLicense("healthy", { state: "ok", badge: "OK", headline: /^(Everything is delivered|A batch waits)$/ });
