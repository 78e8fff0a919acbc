import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Controller, Get, Header, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';

const folder = join(import.meta.dirname, '../../../web');
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The three files of the live page, read once. */
@Controller()
export class PageController {
  private readonly html = readFileSync(join(folder, 'index.html'), 'utf8');
  private readonly script = readFileSync(join(folder, 'app.js'), 'utf8');
  private readonly style = readFileSync(join(folder, 'style.css'), 'utf8');

  @Get()
  @Header('Content-Security-Policy', contentSecurityPolicy)
  @Header('X-Content-Type-Options', 'nosniff')
  page(@Res({ passthrough: true }) reply: FastifyReply): string {
    void reply.type('text/html; charset=utf-8');
    return this.html;
  }

  @Get('app.js')
  app(@Res({ passthrough: true }) reply: FastifyReply): string {
    void reply.type('text/javascript; charset=utf-8');
    return this.script;
  }

  @Get('style.css')
  css(@Res({ passthrough: true }) reply: FastifyReply): string {
    void reply.type('text/css; charset=utf-8');
    return this.style;
  }
}
