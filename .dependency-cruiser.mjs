/** Layers inside a service, which Nx cannot see. */
export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'domain-is-pure',
      severity: 'error',
      comment:
        'Domain code decides; it never talks to a framework, a driver or the operating system. Checksums of zlib are arithmetic.',
      from: { path: '^services/[^/]+/src/domain/', pathNot: '\\.spec\\.ts$' },
      to: {
        pathNot:
          '^services/[^/]+/src/domain/|^libs/(kernel|statistics|onnx|contracts)/|node_modules/(zod|re2js)/|^zlib$',
      },
    },
    {
      name: 'application-sees-ports-only',
      severity: 'error',
      from: { path: '^services/[^/]+/src/application/', pathNot: '\\.spec\\.ts$' },
      to: { path: '/src/adapters/|node_modules/(typeorm|kafkajs|ioredis|@influxdata)' },
    },
    {
      name: 'transports-see-no-persistence',
      severity: 'error',
      comment:
        'Controllers and event handlers call use cases and ports. The module binds ports to their adapters.',
      from: {
        path: '^services/[^/]+/src/adapters/(http|grpc|events|open-inference)/',
        pathNot: '\\.spec\\.ts$',
      },
      to: { path: '/src/adapters/persistence/' },
    },
    {
      name: 'services-stay-apart',
      severity: 'error',
      from: { path: '^services/([^/]+)/', pathNot: '^services/all-in-one/' },
      to: { path: '^services/([^/]+)/', pathNot: '^services/$1/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|generated)/' },
    tsConfig: { fileName: 'tsconfig.base.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      conditionNames: ['@headrace/source', 'import', 'node', 'types', 'default'],
      exportsFields: ['exports'],
    },
  },
};
