"""What admins decide for the whole site, and the links with which they invite people."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_audit_log'),
        ('channels_app', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='SiteSettings',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('sign_up', models.CharField(choices=[('open', 'Open: anybody who reaches the site'), ('invited', 'By invitation: with a link from an admin'), ('closed', 'Closed: admins make the accounts')], db_default='open', default='open', max_length=8, verbose_name='sign-up')),
                ('channel_creators', models.CharField(choices=[('everyone', 'Everyone'), ('admins', 'Site admins')], db_default='everyone', default='everyone', max_length=8, verbose_name='who may create channels')),
            ],
            options={
                'verbose_name': 'site settings',
                'verbose_name_plural': 'site settings',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='site_settings_are_one_row')],
            },
        ),
        migrations.CreateModel(
            name='SiteInvitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token_digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('invited_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='invited')),
                ('expires_at', models.DateTimeField(verbose_name='expires')),
                ('most_uses', models.PositiveIntegerField(verbose_name='most uses')),
                ('uses', models.PositiveIntegerField(db_default=0, default=0, verbose_name='uses')),
                ('revoked_at', models.DateTimeField(null=True, verbose_name='revoked')),
                ('channel', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='channels_app.channel', verbose_name='channel')),
                ('inviter', models.ForeignKey(help_text='Empty: a command.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='inviter')),
            ],
            options={
                'verbose_name': 'invitation to the site',
                'verbose_name_plural': 'invitations to the site',
                'constraints': [models.CheckConstraint(condition=models.Q(('uses__lte', models.F('most_uses'))), name='used_no_more_than_may_be')],
            },
        ),
    ]
