import { AppError, type Declared } from '@headrace/kernel';
import { FeatureView, type FeatureViewDeclaration } from '../domain/feature-view.js';
import { type LabelDeclaration } from '../domain/label.js';

export class FeatureViewNotFoundError extends AppError {
  readonly code = 'FEATURE_STORE_VIEW_UNKNOWN';
  readonly kind = 'not-found';

  constructor(name: string, existing: readonly string[]) {
    super(`There is no feature view "${name}"; there are: ${existing.join(', ')}`);
  }
}

export class FeatureNotFoundError extends AppError {
  readonly code = 'FEATURE_STORE_FEATURE_UNKNOWN';
  readonly kind = 'not-found';

  constructor(feature: string, view: string) {
    super(`The view "${view}" has no feature "${feature}"; GET /v1/feature-views/${view} lists its features`);
  }
}

export class LabelNotFoundError extends AppError {
  readonly code = 'FEATURE_STORE_LABEL_UNKNOWN';
  readonly kind = 'not-found';

  constructor(name: string, view: string, existing: readonly string[]) {
    super(`The view "${view}" has no label "${name}"; it has: ${existing.join(', ') || 'none'}`);
  }
}

export class DeclarationsInconsistentError extends AppError {
  readonly code = 'FEATURE_STORE_DECLARATIONS_INCONSISTENT';
  readonly kind = 'invalid';
}

/** The declared views and labels. */
export class Catalog {
  readonly views: readonly FeatureView[];
  readonly labels: readonly LabelDeclaration[];
  /** The default of requests that name no view. */
  readonly defaultView: FeatureView;

  constructor(
    views: readonly Declared<FeatureViewDeclaration>[],
    labels: readonly Declared<LabelDeclaration>[],
  ) {
    this.views = views.map(({ value }) => new FeatureView(value));
    this.labels = labels.map(({ value }) => value);
    const names = [...views, ...labels].map(({ name }) => name);
    const duplicate = names.find((name, index) => names.indexOf(name) !== index);
    if (duplicate !== undefined) {
      throw new DeclarationsInconsistentError(
        `"${duplicate}" is declared twice; names must be unique among views and labels`,
      );
    }
    const [firstView] = this.views;
    if (firstView === undefined) {
      throw new DeclarationsInconsistentError(
        'config/feature-views declares no view; at least one is required',
      );
    }
    this.defaultView = firstView;
    for (const label of this.labels) {
      const { columns } = this.view(label.view).declaration;
      if (!columns.includes(label.column)) {
        throw new DeclarationsInconsistentError(
          `The label "${label.name}" uses "${label.column}", which is not a column of the view "${label.view}" (${columns.join(', ')})`,
        );
      }
    }
  }

  view(name: string): FeatureView {
    const found = this.views.find((view) => view.name === name);
    if (found === undefined) {
      throw new FeatureViewNotFoundError(
        name,
        this.views.map((view) => view.name),
      );
    }
    return found;
  }

  label(name: string, view: FeatureView): LabelDeclaration {
    const labels = this.labelsOf(view);
    const found = labels.find((label) => label.name === name);
    if (found === undefined) {
      throw new LabelNotFoundError(
        name,
        view.name,
        labels.map((label) => label.name),
      );
    }
    return found;
  }

  labelsOf(view: FeatureView): readonly LabelDeclaration[] {
    return this.labels.filter((label) => label.view === view.name);
  }
}
