/** Every page of the dashboard that has an address of its own. */
export const pages = [
  { name: "overview", path: "/admin", heading: "Overview" },
  { name: "batches", path: "/admin/batches", heading: "Batches" },
  { name: "metrics", path: "/admin/metrics", heading: "Metrics" },
  { name: "collectors", path: "/admin/collectors", heading: "Collectors" },
] as const;
