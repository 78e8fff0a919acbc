// The live page: draws the newest snapshot of the overview. Everything from events is set as text, never as markup.

const byId = (id) => document.getElementById(id);
const bodyOf = (id) => byId(id).querySelector('.body');

function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === 'onclick') node.addEventListener('click', value);
    else if (value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== undefined));
  return node;
}

function shape(name, attributes) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

const figure = (value) => (value === null || value === undefined ? 'no data' : Number(value).toPrecision(3));
const clock = (instant) => new Date(instant).toLocaleTimeString([], { hourCycle: 'h23' });
const why = (kind, id) => element('button', { onclick: () => explain(kind, id) }, 'why');

const stageNames = {
  readings: 'Readings',
  features: 'Features',
  models: 'Models',
  rollouts: 'Rollouts',
  predictions: 'Predictions',
  outcomes: 'Outcomes',
  drift: 'Drift',
  alerts: 'Alerts',
};
let previous;

function drawLoop(now) {
  const seconds = previous === undefined ? undefined : (Date.parse(now.at) - Date.parse(previous.at)) / 1000;
  byId('loop').replaceChildren(
    ...Object.entries(stageNames).map(([stage, title]) => {
      const rate = seconds > 0 ? (now.counts[stage] - previous.counts[stage]) / seconds : 0;
      const quarantined =
        stage === 'readings' && now.quarantined > 0 ? `, ${now.quarantined} quarantined` : '';
      return element(
        'div',
        { class: rate > 0 ? 'stage flowing' : 'stage', title: `${title} since the start` },
        element('small', {}, title),
        element('b', {}, now.counts[stage].toLocaleString()),
        element('small', {}, `${rate >= 10 ? Math.round(rate) : rate.toFixed(1)} /s${quarantined}`),
      );
    }),
  );
}

function drawChampion(now) {
  const champion = now.versions.find((version) => version.state === 'champion');
  const rows = now.versions.map((version) =>
    element(
      'tr',
      {},
      element('td', {}, `v${version.version}`),
      element('td', { class: version.state }, version.state),
      element('td', {}, `AUC ${figure(version.metrics.roc_auc)}`),
      element('td', {}, why('version', `${version.modelName}/${version.version}`)),
    ),
  );
  const performance = champion && now.performance[champion.modelName];
  bodyOf('champion').replaceChildren(
    ...(champion
      ? [
          element('div', { class: 'big' }, `${champion.modelName} v${champion.version}`),
          element(
            'p',
            { class: 'quiet' },
            performance && performance.version === champion.version
              ? `Live: accuracy ${figure(performance.metrics.accuracy)}, recall ${figure(performance.metrics.recall)} on ${performance.labelled} matured outcomes`
              : 'Live performance: not measured yet; it is, window by window, once outcomes are known',
          ),
        ]
      : [
          element(
            'p',
            { class: 'quiet' },
            'None yet. The first model is trained as soon as enough outcomes have matured.',
          ),
        ]),
    element('table', {}, element('tbody', {}, ...rows)),
  );
}

function drawRollout(now) {
  const rollout = now.rollouts[0];
  if (!rollout) {
    bodyOf('rollout').replaceChildren(element('p', { class: 'quiet' }, 'None yet.'));
    return;
  }
  bodyOf('rollout').replaceChildren(
    element(
      'div',
      {},
      element('span', { class: 'big' }, `v${rollout.version} `),
      element('span', { class: rollout.state }, rollout.state),
      ' ',
      why('rollout', rollout.rolloutId),
    ),
    element(
      'div',
      { class: 'steps' },
      ...rollout.steps.map((step) =>
        element('span', { class: rollout.percent >= step ? 'done' : undefined }, `${step} %`),
      ),
    ),
    rollout.reason ? element('p', {}, rollout.reason) : '',
    element(
      'table',
      {},
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          ...['criterion', 'value', 'limit', 'n', 'verdict'].map((name) => element('th', {}, name)),
        ),
      ),
      element(
        'tbody',
        {},
        ...rollout.evidence.map((item) =>
          element(
            'tr',
            { title: item.detail },
            element('td', {}, item.criterion),
            element('td', {}, figure(item.value)),
            element('td', {}, `${item.direction === 'at-most' ? '≤' : '≥'} ${figure(item.threshold)}`),
            element('td', {}, String(item.sampleSize)),
            element('td', { class: item.verdict }, item.verdict),
          ),
        ),
      ),
    ),
  );
}

function drawAlerts(now) {
  bodyOf('alerts').replaceChildren(
    ...(now.alerts.length === 0
      ? [element('p', { class: 'quiet' }, 'None.')]
      : now.alerts.map((alert) =>
          element(
            'p',
            {},
            element('b', { class: alert.severity }, alert.name),
            ` since ${clock(alert.startsAt)} `,
            why('alert', alert.alertId),
            element('br'),
            alert.summary,
            alert.acknowledgedBy ? ` (taken over by ${alert.acknowledgedBy})` : '',
          ),
        )),
  );
}

function chart(points) {
  const width = 300;
  const height = 80;
  const svg = shape('svg', { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img' });
  const x = (index) => (points.length < 2 ? 0 : (index / (points.length - 1)) * width);
  // One area for each run of incidents: areas that touch would show their seams.
  const half = width / Math.max(1, points.length) / 2;
  for (let from = 0; from < points.length; from += 1) {
    if (points[from].outcome !== 1) continue;
    let to = from;
    while (points[to + 1]?.outcome === 1) to += 1;
    svg.append(
      shape('rect', {
        class: 'incident',
        x: x(from) - half,
        y: 0,
        width: x(to) - x(from) + 2 * half,
        height,
      }),
    );
    from = to;
  }
  svg.append(shape('line', { class: 'half', x1: 0, x2: width, y1: height / 2, y2: height / 2 }));
  const known = points
    .map((point, index) => [x(index), point.probability])
    .filter(([, probability]) => probability !== null);
  if (known.length > 0) {
    svg.append(
      shape('polyline', {
        class: 'probability',
        points: known
          .map(([px, probability]) => `${px},${height - 2 - probability * (height - 4)}`)
          .join(' '),
      }),
    );
  }
  return svg;
}

function drawSystems(now) {
  const figures = Object.entries(now.systems).map(([system, { points, last }]) => {
    const newest = points.at(-1);
    return element(
      'figure',
      {},
      element(
        'figcaption',
        {},
        element('b', {}, system),
        element(
          'span',
          { class: 'quiet' },
          `cpu ${figure(last?.cpu_usage)} · p ${figure(newest?.probability)} `,
          newest ? why('prediction', newest.predictionId) : '',
        ),
      ),
      chart(points),
    );
  });
  bodyOf('systems').replaceChildren(
    element(
      'p',
      { class: 'quiet' },
      'Line: predicted probability of an incident within 15 minutes. Red: it happened. ',
      now.systemCount > figures.length ? `${figures.length} of ${now.systemCount} systems.` : '',
    ),
    element('div', { class: 'charts' }, ...figures),
  );
}

function drawDrift(now) {
  const [model, drift] = Object.entries(now.drift)[0] ?? [];
  if (!drift) {
    bodyOf('drift').replaceChildren(element('p', { class: 'quiet' }, 'Not measured yet.'));
    return;
  }
  const scores = drift.scores
    .filter((score) => score.method === 'psi')
    .sort((a, b) => (b.value ?? -1) - (a.value ?? -1))
    .slice(0, 12);
  bodyOf('drift').replaceChildren(
    element(
      'p',
      {},
      `${model} v${drift.modelVersion}: `,
      element('b', { class: drift.verdict }, drift.verdict),
      element('span', { class: 'quiet' }, ` on ${drift.rows} rows`),
    ),
    element(
      'table',
      {},
      element(
        'tbody',
        {},
        ...scores.map((score) => {
          const bar = element('div', { class: score.drifted ? 'bar drifted' : 'bar' });
          bar.style.width = `${Math.min(100, ((score.value ?? 0) / 0.5) * 100)}%`;
          return element(
            'tr',
            {},
            element('td', {}, score.feature),
            element('td', {}, bar),
            element('td', {}, figure(score.value)),
          );
        }),
      ),
    ),
  );
}

function drawTimeline(now) {
  bodyOf('timeline').replaceChildren(
    element(
      'ol',
      { class: 'timeline' },
      ...now.timeline.map((entry) =>
        element(
          'li',
          {},
          element('time', { class: 'quiet', datetime: entry.at }, clock(entry.at)),
          element('span', {}, entry.text),
        ),
      ),
    ),
  );
}

function chain(node) {
  const { causes, missing, payload, ...fact } = node;
  return element(
    'li',
    {},
    element(
      'details',
      {},
      element(
        'summary',
        {},
        element('b', {}, fact.type.replace('headrace.', '')),
        ` ${new Date(fact.time).toLocaleString()}`,
      ),
      element('pre', {}, JSON.stringify(payload, undefined, 1)),
    ),
    causes.length > 0 || missing.length > 0
      ? element(
          'ol',
          { class: 'chain' },
          ...causes.map(chain),
          ...missing.map((id) => element('li', { class: 'quiet' }, `${id}: no longer stored`)),
        )
      : '',
  );
}

async function explain(kind, id) {
  const answer = await fetch(`why/${kind}/${encodeURIComponent(id)}`);
  const found = await answer.json();
  byId('why-title').textContent = `Why: ${kind} ${id}`;
  byId('why')
    .querySelector('.body')
    .replaceChildren(
      answer.ok
        ? element('ol', { class: 'chain' }, chain(found))
        : element('p', {}, found.detail ?? found.title ?? 'not found'),
    );
  byId('why').showModal();
}

const live = new EventSource('v1/live');
live.onopen = () => {
  byId('status').className = '';
};
live.onerror = () => {
  byId('status').textContent = 'connection lost, trying again';
  byId('status').className = 'lost';
};
live.onmessage = ({ data }) => {
  const now = JSON.parse(data);
  for (const draw of [drawLoop, drawChampion, drawRollout, drawAlerts, drawSystems, drawDrift, drawTimeline])
    draw(now);
  byId('status').textContent = `live, ${clock(now.at)}`;
  previous = now;
};
